/** Management controllers, whatever they speak. */
import type { PowerControllers } from '@durastack/contracts/infra/power-controller';
import * as ipmitool from './ipmitool/ipmitool.js';
import * as redfish from './redfish/redfish.js';

const DRIVERS = { ipmitool, redfish } as const;

/** Makes them; nothing is kept between calls. */
export function createPowerControllers(): PowerControllers {
  return {
    read: (login) => DRIVERS[login.driver].readPower(login),
    change: (login, change) => DRIVERS[login.driver].changePower(login, change),
    changePassword: (login, password) => DRIVERS[login.driver].changePassword(login, password),
  };
}
