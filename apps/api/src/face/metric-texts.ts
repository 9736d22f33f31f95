/** Amounts as texts, the way CloudStack's clients show metrics. */

const GIB = 1_024 ** 3;

/** `2.00 Ghz` */
export const ghz = (mhz: number): string => `${(mhz / 1_000).toFixed(2)} Ghz`;

/** `0.50 GiB` */
export const gib = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`;

/** `12.50%`; of nothing it is none. */
export const percent = (part: number, whole: number): string => `${(whole > 0 ? (100 * part) / whole : 0).toFixed(2)}%`;

/** `3 / 4` */
export const ofAll = (some: number, all: number): string => `${some} / ${all}`;
