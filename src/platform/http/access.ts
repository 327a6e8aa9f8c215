import { SetMetadata } from '@nestjs/common';
import type { AccessLevel } from '../../common/access-level';

/** Who may call a route or a socket message. One that declares nothing is refused, and fails the check. */
export type AccessRule =
  | { kind: 'level'; level: AccessLevel }
  | { kind: 'public'; because: string }
  /** `level`: staff of this level and above may call it as well. */
  | { kind: 'callers'; who: string; level?: AccessLevel };

export const ACCESS_RULE = 'access-rule';

/** Staff of this level and above. */
export const Access = (level: AccessLevel): MethodDecorator & ClassDecorator =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'level', level });

/** Anyone. `because` stands in the generated table of who may call what. */
export const Public = (because: string): MethodDecorator & ClassDecorator =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'public', because });

/** Callers who are no staff, as the feature that knows them admits them under this name: see `Admissions`. */
export const AccessFor = (who: string, level?: AccessLevel): MethodDecorator & ClassDecorator =>
  SetMetadata<string, AccessRule>(ACCESS_RULE, { kind: 'callers', who, ...(level && { level }) });
