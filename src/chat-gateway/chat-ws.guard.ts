import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { CHAT_USER } from '../app-chat/chat-admission.service';
import { includesLevel } from '../common/access-level';
import { AppError } from '../common/app-error';
import { ACCESS_RULE, type AccessRule } from '../platform/http/access';
import { ChatDoor } from './chat-door.service';
import { ChatMembership } from './chat-membership.service';
import type { ChatSocket } from './chat-socket';

/** Each message is checked anew: a session that is over, or a right that was lost, ends here. */
@Injectable()
export class ChatWsGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly door: ChatDoor,
    private readonly membership: ChatMembership,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === undefined || rule.kind === 'public')
      throw new AppError('ACCESS_UNDECLARED', 'This message does not say who may send it, so nobody may.');
    const socket = context.switchToWs().getClient<ChatSocket>();
    await this.membership.adoptOlder(socket, await this.door.again(socket));
    const { actor } = socket.data;
    if (actor.kind === 'chat_user') {
      if (rule.kind === 'callers' && rule.who === CHAT_USER) return true;
      throw new AppError('FORBIDDEN', 'Admin access required');
    }
    if (rule.level === undefined) throw new AppError('FORBIDDEN', 'This is for users of the live chat.');
    if (includesLevel(actor.level, rule.level)) return true;
    throw new AppError('FORBIDDEN', `Only the role ${rule.level} and above may do this.`);
  }
}
