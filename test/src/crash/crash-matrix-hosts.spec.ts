/** The part of the crash matrix ({@link describeCrashes}) that is about hosts. */
import { describeCrashes } from './crash-cases.js';

describeCrashes((area) => area === 'infra');
