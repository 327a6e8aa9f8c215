import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '../common/app-error';
import type { AppActor, ChatActor } from './chat-actor';
import type { ChatRequest } from './chat-admission.service';

/** The chat user of this request. */
export const CurrentChatUser = createParamDecorator((_: unknown, context: ExecutionContext): ChatActor => {
  const { chatUser } = context.switchToHttp().getRequest<ChatRequest>();
  if (chatUser === undefined) throw new AppError('UNAUTHENTICATED', 'Open a session first.');
  return chatUser;
});

/** The app whose server signed this request. */
export const CurrentApp = createParamDecorator((_: unknown, context: ExecutionContext): AppActor => {
  const { chatApp } = context.switchToHttp().getRequest<ChatRequest>();
  if (chatApp === undefined) throw new AppError('UNAUTHENTICATED', 'Sign the call.');
  return chatApp;
});
