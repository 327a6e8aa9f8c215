import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work';
import { WakeUp } from '../events/wake-up';

export interface NewJob {
  /** What to do: the name a handler is registered under. */
  task: string;
  /** At most one job per task and key is waiting or running; asking again makes that one run once more. */
  key: string;
  payload?: object;
  /** Not before then; default now. */
  runAt?: Date;
}

/** The asking side of jobs: they commit with the row that asked for them. */
@Injectable()
export class JobQueue {
  constructor(
    private readonly work: UnitOfWork,
    private readonly wakeUp: WakeUp,
  ) {}

  enqueue(...jobs: NewJob[]): void {
    if (jobs.length === 0) return;
    const tx = this.work.current;
    // A job that runs at this moment keeps its hold; the higher generation makes it run again afterwards.
    tx.send(
      'job_enqueue',
      `insert into job (task, key, payload, run_at)
       select j.task, j.key, coalesce(j.payload, '{}'), coalesce(j.run_at, now())
       from (select distinct on (task, key) * from json_to_recordset($1)
               as r(task text, key text, payload json, run_at timestamptz) order by task, key) j
       on conflict (workspace_id, task, key) where failed_at is null do update set
         generation = job.generation + 1,
         run_at = case when job.held_by is null then least(job.run_at, excluded.run_at) else job.run_at end`,
      [
        JSON.stringify(
          jobs.map((j) => ({ task: j.task, key: j.key, payload: j.payload, run_at: j.runAt?.toISOString() })),
        ),
      ],
    );
    tx.afterCommit(() => this.wakeUp.signal('jobs'));
  }
}
