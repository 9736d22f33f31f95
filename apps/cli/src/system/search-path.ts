import { delimiter, dirname, join } from 'node:path';
import { CHECKOUT } from '../instance/home.js';

/** A PATH on which a program of ours is found first, and the checkout's tools as under npm. */
export function searchPathWith(program: string): string {
  return [dirname(program), join(CHECKOUT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
}
