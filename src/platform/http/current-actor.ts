import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { AppError } from '../../common/app-error';
import type { StaffActor } from '../../common/actor';

/** The signed-in member of staff of this HTTP request. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): StaffActor => {
  const { user } = context.switchToHttp().getRequest<{ user?: StaffActor }>();
  if (user === undefined) throw new AppError('UNAUTHENTICATED', 'Sign in first.');
  return user;
});
