import type { Answer, Caller, TestSystem } from './system';

export interface ShownContact extends Record<string, unknown> {
  id: number;
  name: string | null;
  external_id: string;
  phone_number: string | null;
  tags: { id: number; name: string }[];
  identities: { scheme: string; value: string }[];
  statistics: Record<string, unknown>;
}

export interface ListedContacts {
  data: ShownContact[];
  meta: { page: number; limit: number; total: number; pages: number };
}

let made = 0;

/** Text that no other test has. */
export function unique(text: string): string {
  return `${text}${(++made).toString(36)}q${Date.now().toString(36)}`;
}

export function refused({ status, body }: Answer): unknown {
  return [status, body['code']];
}

/** Contacts as an admin keeps them over the API. */
export class ContactBook {
  constructor(
    private readonly system: TestSystem,
    private readonly admin: Caller,
  ) {}

  newPhone(): string {
    return `+55119${String(6_0000000 + ++made * 17).padStart(8, '0')}`;
  }

  async create(input: object): Promise<ShownContact> {
    const answer = await this.admin.post<ShownContact>('/contacts', input);
    expect([answer.status, answer.body]).toEqual([201, answer.body]);
    return answer.body;
  }

  async createTag(name = unique('tag')): Promise<number> {
    const [row] = await this.system.sql<{ id: string }>(
      'insert into tag (workspace_id, name) values (1, $1) returning id',
      [name],
    );
    return Number(row!.id);
  }

  async idsOf(path: string): Promise<number[]> {
    const answer = await this.admin.get<ListedContacts>(path);
    expect([answer.status, answer.body]).toEqual([200, answer.body]);
    return answer.body.data.map((contact) => contact.id);
  }

  async find(text: string): Promise<number[]> {
    return await this.idsOf(`/contacts?limit=100&search=${encodeURIComponent(text)}`);
  }

  async auditOf(id: number): Promise<{ action: string; details: object }[]> {
    return await this.system.sql(
      `select action, details from audit_log where subject_type = 'contact' and subject_id = $1 order by id`,
      [id],
    );
  }
}
