import { eventually } from './eventually';
import type { Answer, Caller, TestSystem } from './system';

export interface ShownUser extends Record<string, unknown> {
  id: number;
  username: string;
  role_id: number;
  active: boolean;
}

export interface ListedUsers extends Record<string, unknown> {
  data: ShownUser[];
  meta: { total: number };
}

/** Users whom an admin makes over the API. */
export class Staff {
  /** The ids of the three roles that are there from the start. */
  readonly roles = {} as Record<'admin' | 'supervisor' | 'employer', number>;
  private made = 0;

  private constructor(
    private readonly system: TestSystem,
    private readonly admin: Caller,
  ) {}

  static async of(system: TestSystem, admin: Caller): Promise<Staff> {
    const staff = new Staff(system, admin);
    const { body } = await admin.get<{ data: { id: number; name: keyof Staff['roles'] }[] }>('/roles');
    for (const { id, name } of body.data) staff.roles[name] = id;
    return staff;
  }

  newName(): string {
    return `person-${++this.made}`;
  }

  async create(more: object = {}, who = this.admin): Promise<Answer<ShownUser>> {
    return await who.post<ShownUser>('/users', {
      name: 'A Person',
      username: this.newName(),
      password: 'a password',
      role_id: this.roles.employer,
      ...more,
    });
  }

  async created(more: object = {}): Promise<ShownUser> {
    const answer = await this.create(more);
    expect([answer.status, answer.body]).toEqual([201, answer.body]);
    return answer.body;
  }

  async logIn(username: string, password = 'a password', workspace?: string): Promise<Answer> {
    return await this.system.call('POST', '/auth/login', { username, password, workspace });
  }

  async signedIn(user: ShownUser, password = 'a password'): Promise<Caller> {
    const { body } = await this.logIn(user.username, password);
    return this.system.callerWith(body['access_token'] as string, user);
  }

  async endsSoon(caller: Caller): Promise<void> {
    await eventually(async () => (await caller.get('/users/me')).status === 401, {
      timeoutMs: 2_000,
      what: 'the end of the session',
    });
  }

  async audited(id: number): Promise<object[]> {
    return await this.system.sql(
      `select action, user_name, details from audit_log
       where workspace_id = 1 and subject_type = 'user' and subject_id = $1 order by id`,
      [id],
    );
  }
}
