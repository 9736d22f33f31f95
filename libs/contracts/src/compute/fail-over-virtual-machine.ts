import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { uuid } from '../fields.js';
import { virtualMachineView } from './virtual-machine.view.js';

/** Starts a machine of a fenced host on another one. HA asks for it by itself. */
export const failOverVirtualMachine = defineCommand({
  name: 'failOverVirtualMachine',
  domain: 'compute',
  description:
    'Starts a machine whose host was fenced on another host, once its old copy is proven dead. HA asks for it by itself.',
  event: 'VM.HA',
  rest: { method: 'POST', path: '/virtual-machines/{id}/fail-over' },
  roles: ROOT_ONLY,
  params: z.object({ id: uuid('The virtual machine') }),
  result: virtualMachineView,
  wrapper: 'virtualmachine',
  operation: {
    title: 'Fail over',
    resource: 'virtual-machine',
    // A machine with an interface keeps its networks from going; so nothing stands between it and its turn.
    locks: { 'virtual-machine': 'exclusive' },
    lifecycle: { begin: 'FailOverRequested', succeed: 'Started', undo: 'StartUndone' },
  },
});
