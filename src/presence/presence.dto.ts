import { IsIn } from 'class-validator';
import { CHOOSABLE_STATUSES, type ChoosableStatus } from './presence.types';

/** `PUT /presence/me`, `presence:set` */
export class ChooseStatusDto {
  /** `away` and `busy` stay until another is chosen, over all devices and reconnections. */
  @IsIn(CHOOSABLE_STATUSES)
  status!: ChoosableStatus;
}
