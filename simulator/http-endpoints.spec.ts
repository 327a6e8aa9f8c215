import { spawn } from 'node:child_process';
import { Script } from 'node:vm';
import { phoneClient } from './phone-client';
import { at, textAt } from './json-values';
import { Simulator } from './simulator';
import { Receiver, SECRET } from './test-receiver';

let receiver: Receiver;
let simulator: Simulator;

beforeAll(async () => {
  receiver = await Receiver.start();
  simulator = await Simulator.start({
    appSecret: SECRET,
    verifyToken: 'let me in',
    webhookUrl: receiver.url,
    statusDelaysMs: { sent: 0, delivered: 0, read: -1 },
  });
});
beforeEach(() => {
  simulator.reset();
  receiver.reset();
});
afterAll(async () => {
  await simulator.stop();
  await receiver.stop();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(simulator.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

describe('/control', () => {
  it('does by HTTP what the library does', async () => {
    const said = await call('POST', '/control/customer-message', {
      from: { phone: '+55 11 99999-0000' },
      text: 'hi',
    });
    expect(said).toMatchObject({ status: 200, body: { response: { status: 200 } } });
    await call('POST', '/control/status', { wamid: 'wamid.1', status: 'delivered' });
    await call('POST', '/control/webhook', { object: 'anything' });
    expect(receiver.posts).toHaveLength(3);
    expect(await call('POST', '/control/verify')).toMatchObject({ body: { status: 200 } });
    const put = await call('PUT', '/control/faults', { dropStatuses: { times: 3 } });
    expect(put.body).toEqual((await call('GET', '/control/faults')).body);
    expect(simulator.faults.dropStatuses).toEqual({ times: 3 });
    expect(await call('GET', '/control/state')).toMatchObject({
      status: 200,
      body: { pending: 0, customers: [{ phone: '5511999990000' }] },
    });
    await call('POST', '/control/reset');
    expect(simulator.phone.customers.size).toBe(0);
  });

  const from = { phone: '5511999990000' };
  it.each([
    ['PUT', '/control/faults', { nonsense: true }, 'Unknown fault'],
    ['POST', '/control/customer-message', '{', 'not valid JSON'],
    ['POST', '/control/customer-message', '[]', 'must be a JSON object'],
    ['POST', '/control/customer-message', {}, '"from" must be an object'],
    ['POST', '/control/customer-message', { from: {}, text: 'x' }, 'needs a "phone" or a "userId"'],
    ['POST', '/control/customer-message', { from: { userId: 'x' }, text: 'x' }, 'must look like'],
    ['POST', '/control/customer-message', { from }, 'either "text" or "content"'],
    ['POST', '/control/customer-message', { from, txt: 'x' }, 'Unknown key "txt"'],
    ['POST', '/control/customer-message', { from, content: { type: 'image' } }, 'needs an object "image"'],
    ['POST', '/control/customer-message', { from, text: 'x', phoneNumberId: '1' }, 'There is no number'],
    ['POST', '/control/status', { status: 'read' }, '"wamid" is required'],
    ['POST', '/phone/say', { customer: 'nobody', text: 'x' }, 'There is no customer'],
    ['POST', '/phone/customers', { phone: '12' }, 'not an international phone number'],
    ['POST', '/phone/seen', { customer: 7 }, '"customer" must be a string'],
  ])('%s %s refuses %j', async (method, path, body, message) => {
    expect(await call(method, path, body)).toEqual({
      status: 400,
      body: { error: expect.stringContaining(message) },
    });
  });

  it('is closed to pages of other sites', async () => {
    const foreign = await call('POST', '/control/reset', {}, { origin: 'http://evil.example' });
    expect(foreign.status).toBe(403);
    expect((await call('POST', '/control/reset', {}, { origin: simulator.url })).status).toBe(200);
  });
});

describe('the phone', () => {
  it('is a page whose script parses and that may load nothing from elsewhere', async () => {
    const page = await fetch(simulator.url);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await page.text()).toContain('/phone/app.js');
    expect(() => new Script(phoneClient)).not.toThrow();
  });

  it('writes as a customer that hides the number, and sends files', async () => {
    const customer = await call('POST', '/phone/customers', {
      name: 'Chloé',
      phone: '+33612340003',
      hidesPhone: true,
    });
    const key = textAt(customer.body, 'key');
    await call('POST', '/phone/say', { customer: key, text: 'salut' });
    expect(receiver.items('messages')[0]).toMatchObject({ from_user_id: at(customer.body, 'userId') });
    expect(receiver.items('messages')[0]).not.toHaveProperty('from');
    const path = `/phone/media?customer=${key}&caption=look&filename=page.html`;
    await call('POST', path, '<script>alert(1)</script>', { 'content-type': 'text/html' });
    const sent = receiver.items('messages')[1];
    expect(sent).toMatchObject({ type: 'document', document: { filename: 'page.html', caption: 'look' } });
    const shown = await fetch(`${simulator.url}/phone/media/${textAt(sent, 'document', 'id')}`);
    expect(shown.headers.get('content-type')).toBe('application/octet-stream');
    expect(shown.headers.get('content-disposition')).toBe('attachment');
  });

  it('hears a snapshot first and then every change', async () => {
    await simulator.customerSays({ phone: '5511999990000', name: 'Ana' }, 'before');
    const stop = new AbortController();
    const stream = await fetch(`${simulator.url}/phone/events`, { signal: stop.signal });
    let heard = '';
    const reading = (async () => {
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        heard += Buffer.from(chunk).toString('utf8');
      }
    })().catch(() => undefined);
    await simulator.waitFor(() => /^event: snapshot\ndata: .*before/.test(heard), 'the snapshot');
    await simulator.customerSays({ phone: '5511999990000' }, 'after\n\nevent: faked');
    await simulator.waitFor(() => /event: bubble\ndata: .*"state":"delivered"/.test(heard), 'the bubble');
    expect(heard).not.toMatch(/^event: faked/m);
    simulator.faults.dropStatuses = { times: 1 };
    await call('PUT', '/control/faults', { latencyMs: 0 });
    await simulator.waitFor(
      () => /event: faults\ndata: .*"dropStatuses":\{"times":1\}/.test(heard),
      'the faults',
    );
    stop.abort();
    await reading;
  });
});

describe('the process', () => {
  // Compiled on the fly by the same means as the tests; the process itself knows nothing of them.
  const child = () =>
    spawn(process.execPath, ['-e', `${register};require('./main.ts')`, '--', '--port', '0'], {
      cwd: __dirname,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
  const register = `
    const { transformSync } = require('@swc/core');
    require.extensions['.ts'] = (module, file) => module._compile(transformSync(require('fs').readFileSync(file, 'utf8'),
      { filename: file, swcrc: false, module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }).code, file)`;

  it.each(['SIGTERM', 'SIGINT', 'disconnect'] as const)(
    'tells its parent where it is, and ends upon %s',
    async (how) => {
      const process = child();
      const ended = new Promise<unknown>((resolve) => process.once('exit', (code) => resolve(code)));
      const message = await new Promise<unknown>((resolve) => process.once('message', resolve));
      expect((await fetch(textAt(message, 'url') ?? '')).status).toBe(200);
      const started = performance.now();
      if (how === 'disconnect') process.disconnect();
      else process.kill(how);
      expect(await ended).toBe(0);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );
});
