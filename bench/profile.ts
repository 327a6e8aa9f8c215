import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

const TOP = 25;

/** Where the time goes: a CPU profile of the server process, and the database's time by statement. */
export class Profile {
  /** For the PostgreSQL server that is to count statements. */
  static readonly SETTINGS = {
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_planning': 'on',
  };

  constructor(
    private readonly folder: string,
    private readonly name: string,
  ) {}

  /** Node writes the profile when the process ends. */
  get nodeArgs(): string[] {
    return ['--cpu-prof', `--cpu-prof-dir=${this.folder}`, `--cpu-prof-name=${this.name}.cpuprofile`];
  }

  async start(adminUrl: string): Promise<void> {
    await query(adminUrl, 'create extension if not exists pg_stat_statements');
    await query(adminUrl, 'select pg_stat_statements_reset()');
  }

  /** Writes the statements of one database that cost most since the start. */
  async save(adminUrl: string, database: string, messages: number): Promise<void> {
    const rows = await query(
      adminUrl,
      `select calls, rows, round((total_exec_time + total_plan_time)::numeric * 1000 / $2, 2)::float8 as us_per_message,
         plans, round(total_plan_time::numeric * 1000 / $2, 2)::float8 as planning_us_per_message, wal_bytes, query
       from pg_stat_statements where dbid = (select oid from pg_database where datname = $1)
       order by total_exec_time + total_plan_time desc limit ${TOP}`,
      [database, messages],
    );
    this.write(rows);
  }

  /** The same of all databases, in all, those that are gone included. */
  async saveAll(adminUrl: string): Promise<void> {
    const rows = await query(
      adminUrl,
      `select calls, rows, round((total_exec_time + total_plan_time)::numeric, 1)::float8 as ms, plans,
         round(total_plan_time::numeric, 1)::float8 as planning_ms, wal_bytes, query
       from pg_stat_statements order by total_exec_time + total_plan_time desc limit ${TOP}`,
      [],
    );
    this.write(rows);
  }

  private write(rows: unknown[]): void {
    writeFileSync(join(this.folder, `${this.name}.statements.json`), `${JSON.stringify(rows, null, 2)}\n`);
  }
}

async function query(url: string, text: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
