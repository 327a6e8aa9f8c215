import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../platform/database/unit-of-work';

/** Who speaks in transcripts. Within an open unit of work. */
@Injectable()
export class TranscriptRepository {
  constructor(private readonly work: UnitOfWork) {}

  /** Also of users and bots that are gone: what they said still names them. */
  async namesOf(
    userIds: number[],
    botIds: number[],
  ): Promise<{ users: Map<number, string>; bots: Map<number, string> }> {
    const rows = await this.work.current.query<{ id: number; name: string; bot: boolean }>(
      `select id, name, false as bot from users where id = any ($1)
       union all select id, name, true from bot where id = any ($2)`,
      [userIds, botIds],
    );
    const of = (bot: boolean): Map<number, string> =>
      new Map(rows.filter((row) => row.bot === bot).map(({ id, name }) => [id, name]));
    return { users: of(false), bots: of(true) };
  }
}
