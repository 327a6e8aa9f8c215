import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Config } from '../config/config';

/** What signs access tokens. Given as a text, it would be tried as a public key first, with each request. */
export function tokenKey(config: Config): KeyObject {
  return createSecretKey(config.security.jwtSecret, 'utf8');
}
