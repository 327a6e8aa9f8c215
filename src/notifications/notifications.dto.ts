import { IsIn } from 'class-validator';
import { IsLeftOutOrGiven, IsName } from '../common/text-rules';
import { NOTIFICATION_LEVELS, type NotificationLevel } from './notifications.types';

/** `POST /notifications` */
export class CreateNotificationDto {
  /** `info` where it is left out. */
  @IsLeftOutOrGiven()
  @IsIn(NOTIFICATION_LEVELS)
  level?: NotificationLevel;

  @IsName(150)
  title!: string;

  @IsName(4_000)
  body!: string;
}
