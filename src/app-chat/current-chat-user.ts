import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '../common/app-error';
import type { StaffActor } from '../common/actor';
import type { AppActor, ChatActor, ChatCaller } from './chat-actor';
import type { ChatRequest } from './chat-admission.service';

/** The chat user of this request. */
export const CurrentChatUser = createParamDecorator((_: unknown, context: ExecutionContext): ChatActor => {
  const { chatUser } = context.switchToHttp().getRequest<ChatRequest>();
  if (chatUser === undefined) throw new AppError('UNAUTHENTICATED', 'Open a session first.');
  return chatUser;
});

/** The chat user or member of staff of this request. */
export const CurrentChatCaller = createParamDecorator((_: unknown, context: ExecutionContext): ChatCaller => {
  const request = context.switchToHttp().getRequest<ChatRequest & { user?: StaffActor }>();
  const caller = request.chatUser ?? request.user;
  if (caller === undefined) throw new AppError('UNAUTHENTICATED', 'Open a session first.');
  return caller;
});

/**
 * How the caller reached this server, such as `https://chat.example.com`: what links in the answer begin with. Null where
 * they do not say so properly.
 */
export const CurrentOrigin = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  const { protocol, host } = context.switchToHttp().getRequest<ChatRequest>();
  const origin = `${protocol}://${host}`;
  return URL.canParse(origin) ? origin : null;
});

/** The app whose server signed this request. */
export const CurrentApp = createParamDecorator((_: unknown, context: ExecutionContext): AppActor => {
  const { chatApp } = context.switchToHttp().getRequest<ChatRequest>();
  if (chatApp === undefined) throw new AppError('UNAUTHENTICATED', 'Sign the call.');
  return chatApp;
});
