/** The part of the crash matrix ({@link describeCrashes}) that is about virtual machines. */
import { describeCrashes } from './crash-cases.js';

describeCrashes((area) => area === 'compute');
