import { Inject, Injectable } from '@nestjs/common';
import { compare, hash, hashSync } from 'bcrypt';
import { AppError } from '../common/app-error';
import { CONFIG, type Config } from '../config/config';

/** bcrypt reads no further, so a longer password would be accepted with any ending. */
const MAX_BYTES = 72;
const MIN_CHARACTERS = 8;

@Injectable()
export class PasswordHasher {
  /** Compared with where there is no such user, so that the answer takes as long. */
  private readonly nobody: string;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.nobody = hashSync('nobody has this password', config.security.bcryptRounds);
  }

  /** Of a password that somebody chooses. Throws `VALIDATION_FAILED` for one that is too short or too long. */
  async hashNew(password: string): Promise<string> {
    if (Array.from(password).length < MIN_CHARACTERS || !readable(password))
      throw new AppError(
        'VALIDATION_FAILED',
        `A password has at least ${MIN_CHARACTERS} characters and at most ${MAX_BYTES} bytes, none of them NUL.`,
      );
    return await hash(password, this.config.security.bcryptRounds);
  }

  /** A null hash costs the same time and never matches. */
  async matches(password: string, passwordHash: string | null): Promise<boolean> {
    if (!readable(password)) return false;
    const same = await compare(password, passwordHash ?? this.nobody);
    return same && passwordHash !== null;
  }
}

function readable(password: string): boolean {
  return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0');
}
