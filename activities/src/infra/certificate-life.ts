/** How long a host's certificate is valid. */
export const HOST_CERTIFICATE_DAYS = 365;

/** It is renewed when less than this is left of it: a third of its life, to bear hosts that are away for months. */
export const RENEWAL_DAYS = Math.floor(HOST_CERTIFICATE_DAYS / 3);
