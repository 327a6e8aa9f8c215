import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { StaffActor } from '../common/actor';
import { CONFIG, type Config } from '../config/config';
import { SessionsService, SIGNATURE_ALONE, type TokenPayload } from './sessions.service';
import { tokenKey } from './token-key';

/** `Authorization: Bearer <token>`: signature here, expiry and the session itself by {@link SessionsService}. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor(
    @Inject(CONFIG) config: Config,
    private readonly sessions: SessionsService,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: tokenKey(config) as unknown as Buffer, // handed on to jsonwebtoken, which takes both
      algorithms: ['HS256'],
      issuer: 'apicechat',
      ...SIGNATURE_ALONE,
    });
  }

  async validate(payload: TokenPayload): Promise<StaffActor> {
    return await this.sessions.actorOf(payload);
  }
}
