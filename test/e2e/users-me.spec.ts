import { Client } from 'pg';
import { eventually } from '../support/eventually';
import { codeOf } from '../support/sending';
import { Staff } from '../support/staff';
import { TestSystem } from '../support/system';

let system: TestSystem;
let staff: Staff;

beforeAll(async () => {
  system = await TestSystem.start();
  staff = await Staff.of(system, await system.signIn('admin', { username: 'boss' }));
});
afterAll(() => system.stop());

describe('/users/me', () => {
  test('shows oneself with role, to everybody', async () => {
    const user = await staff.created();
    const caller = await staff.signedIn(user);
    expect(await caller.get('/users/me')).toMatchObject({ status: 200, body: user });
  });

  test('changes the own name, and the own password against the current one', async () => {
    const user = await staff.created();
    const [here, there] = [await staff.signedIn(user), await staff.signedIn(user)];
    expect((await here.patch('/users/me', { name: 'Myself' })).body).toMatchObject({ name: 'Myself' });

    for (const current_password of ['not this one', 'a password '])
      expect(await here.patch('/users/me', { password: 'my new password', current_password })).toMatchObject({
        status: 403,
        body: { code: 'FORBIDDEN' },
      });
    const changed = await here.patch('/users/me', {
      password: 'my new password',
      current_password: 'a password',
    });

    expect(changed.status).toBe(200);
    await staff.endsSoon(there);
    expect((await here.get('/users/me')).status).toBe(200);
    expect((await staff.logIn(user.username)).status).toBe(401);
    expect((await staff.logIn(user.username, 'my new password')).status).toBe(200);
    expect(
      (await staff.audited(user.id)).map((entry) => (entry as { details: object }).details).slice(1),
    ).toEqual([{ name: { from: 'A Person', to: 'Myself' } }, { password: 'changed' }]);
  });

  test.each([
    ['a password without the current one', { password: 'my new password' }],
    ['a password that is too short', { password: 'short', current_password: 'a password' }],
    ['another role', { role_id: 1 }],
    ['another username', { username: 'boss' }],
    ['deactivation', { active: false }],
    ['an empty name', { name: '' }],
    ['a name of null', { name: null }],
  ])('does not take %s', async (_, body) => {
    const caller = await staff.signedIn(await staff.created());
    const answer = await caller.patch('/users/me', body);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'VALIDATION_FAILED']);
  });

  test('of two changes of the password at once, one holds', async () => {
    const user = await staff.created();
    const caller = await staff.signedIn(user);
    const client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    try {
      // Until both have compared the current password.
      await client.query('begin');
      await client.query('select from users where id = $1 for update', [user.id]);
      const changing = ['first password', 'second password'].map((password) =>
        caller.patch('/users/me', { password, current_password: 'a password' }),
      );
      const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await eventually(async () => (await system.sql(waiting)).length === 2, { what: 'both to wait' });
      await client.query('commit');
      const answers = await Promise.all(changing);
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    } finally {
      await client.end();
    }
  });
});
