import { Inject, Injectable } from '@nestjs/common';
import { compare, hash, hashSync } from 'bcrypt';
import { CONFIG, type Config } from '../config/config';

/** bcrypt reads no further, so a longer password would be accepted with any ending. */
const MAX_BYTES = 72;

@Injectable()
export class PasswordHasher {
  /** Compared with where there is no such user, so that the answer takes as long. */
  private readonly nobody: string;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.nobody = hashSync('nobody has this password', config.security.bcryptRounds);
  }

  static accepts(password: string): boolean {
    return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0');
  }

  async hash(password: string): Promise<string> {
    return await hash(password, this.config.security.bcryptRounds);
  }

  /** A null hash costs the same time and never matches. */
  async matches(password: string, passwordHash: string | null): Promise<boolean> {
    if (!PasswordHasher.accepts(password)) return false;
    const same = await compare(password, passwordHash ?? this.nobody);
    return same && passwordHash !== null;
  }
}
