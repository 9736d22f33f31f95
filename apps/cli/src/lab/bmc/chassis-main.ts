/**
 * The script that the IPMI simulator calls: `<host's folder> get power boot …` or `… set power 0 …`.
 * It hands the wish to the controller and answers at once; the change goes on there.
 */
import { request } from 'node:http';
import { chassisSocket } from './ipmi.js';

const [directory = '', operation, ...words] = process.argv.slice(2);

/** What the controller says of the power, after a wish if there is one. */
function ask(wish?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: chassisSocket(directory), path: `/${wish ?? ''}`, method: wish ? 'POST' : 'GET' };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    asked.once('error', reject);
    asked.end();
  });
}

function wishOf(name: string, value: string): string | undefined {
  if (name === 'power') return value === '0' ? 'ForceOff' : 'On';
  if (name === 'reset') return 'ForceRestart';
  if (name === 'shutdown') return 'GracefulShutdown';
  return undefined;
}

if (operation === 'get') {
  const isOn = (await ask()) === 'On';
  for (const name of words) {
    if (name === 'power') process.stdout.write(`power:${isOn ? 1 : 0}\n`);
    if (name === 'boot') process.stdout.write('boot:default\n');
  }
} else {
  for (let i = 0; i < words.length; i += 2) {
    const wish = wishOf(words[i] ?? '', words[i + 1] ?? '');
    if (wish !== undefined) await ask(wish);
  }
}
