import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { includesLevel } from '../common/access-level';
import { AppError } from '../common/app-error';
import { SessionsService } from '../auth/sessions.service';
import { ACCESS_RULE, type AccessRule } from '../platform/http/access';
import type { AuthenticatedSocket } from './authenticated-socket';
import { CrmStream } from './crm-stream.service';

/** Each message is checked anew: a session that is over, or a right that was lost, ends here. */
@Injectable()
export class WsJwtAuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionsService,
    private readonly stream: CrmStream,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule?.kind !== 'level')
      throw new AppError('ACCESS_UNDECLARED', 'This message does not say who may send it, so nobody may.');
    const socket = context.switchToWs().getClient<AuthenticatedSocket>();
    const { workspaceId, sessionId, userId, username, role } = socket.data.actor;
    const actor = await this.sessions.actorOf({
      workspace_id: workspaceId,
      jti: sessionId,
      sub: userId,
      username,
      role,
    });
    this.stream.adopt(socket, actor);
    if (!includesLevel(actor.level, rule.level)) {
      throw new AppError('FORBIDDEN', `Only the role ${rule.level} and above may do this.`);
    }
    return true;
  }
}
