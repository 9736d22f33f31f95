/** `systemctl` and `journalctl` of a lab host: hands its words to the first process. `argv[2]` is which of the two. */
import { askControl } from './control.js';
import { HOST_PLACES } from './host-spec.js';

const [program, ...words] = process.argv.slice(2);
const { code, output } = await askControl(HOST_PLACES.controlSocket, {
  program: program === 'journalctl' ? program : 'systemctl',
  words,
});
(code === 0 ? process.stdout : process.stderr).write(output);
process.exitCode = code;
