/** Management controllers, whatever they speak. */
import type { ControllerDriver, PowerControllers } from '@durastack/contracts/infra/power-controller';
import { ipmitool } from './ipmitool/ipmitool.js';
import { redfish } from './redfish/redfish.js';

const DRIVERS: Readonly<Record<ControllerDriver, PowerControllers>> = { ipmitool, redfish };

/** Makes them; nothing is kept between calls. */
export function createPowerControllers(): PowerControllers {
  return {
    read: (login) => DRIVERS[login.driver].read(login),
    change: (login, change) => DRIVERS[login.driver].change(login, change),
    changePassword: (login, password) => DRIVERS[login.driver].changePassword(login, password),
  };
}
