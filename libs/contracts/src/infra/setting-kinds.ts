/** What settings may be, and what texts stand for. */
import { z } from 'zod';
import { DurastackError } from '../errors.js';

/** A setting's value. */
export type SettingValue = boolean | number | string;

/** What may have values of its own beside the whole cloud. Clusters have settings of their own (`cluster-settings`). */
export type SettingLevel = 'Domain' | 'Account' | 'StoragePool';

/** How a setting is written, and what it may be. */
export interface SettingOf<T extends SettingValue> {
  readonly description: string;
  readonly type: 'Boolean' | 'Integer' | 'Float' | 'String';
  readonly byDefault: T;
  readonly group: string;
  readonly min?: number;
  readonly max?: number;
  readonly options?: readonly string[];
  /** A text that is taken as it is: a regular expression. */
  readonly isPattern?: true;
  /** A text of networks, `192.0.2.0/24,2001:db8::/32`. */
  readonly isCidrs?: true;
  /** Whoever may have its own value of it. */
  readonly level?: SettingLevel;
  /** Of clusters: one value for all of them together. */
  readonly global?: true;
}

/**
 * The value that a text stands for.
 *
 * @throws DurastackError INVALID_INPUT saying what it may be
 */
export function parseSetting(name: string, setting: SettingOf<SettingValue>, text: string): SettingValue {
  const word = text.trim().toLowerCase();
  switch (setting.type) {
    case 'Boolean':
      if (word === 'true' || word === 'false') return word === 'true';
      return refuse(name, text, 'true or false');
    case 'String':
      if (setting.isPattern) return parsePattern(name, text.trim());
      if (setting.isCidrs) return parseCidrs(name, word);
      if (setting.options === undefined || setting.options.includes(word)) return word;
      return refuse(name, text, setting.options.join(' or '));
    default: {
      const { min = -Infinity, max = Infinity } = setting;
      const value = /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : NaN;
      const whole = setting.type === 'Integer';
      if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
      return refuse(name, text, `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
    }
  }
}

function parsePattern(name: string, text: string): string {
  try {
    new RegExp(text, 'u');
    return text;
  } catch {
    return refuse(name, text, 'a regular expression');
  }
}

const CIDR = z.union([z.cidrv4(), z.cidrv6()]);

function parseCidrs(name: string, text: string): string {
  const networks = text.split(',').map((network) => network.trim());
  if (networks.every((network) => CIDR.safeParse(network).success)) return networks.join(',');
  return refuse(name, text, 'networks like 192.0.2.0/24,2001:db8::/32');
}

function refuse(name: string, text: string, allowed: string): never {
  throw new DurastackError('INVALID_INPUT', `${name} must be ${allowed}, not "${text.slice(0, 100)}".`);
}
