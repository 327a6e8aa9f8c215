import { resolve, type Schema, type Schemas } from './schema';
import type { ApiDescription } from './openapi';
import type { Chapter, RouteDoc } from './route-doc';

type Described = ApiDescription['routes'][number];

/** What a run may be told; the rest it learns from the answers. */
const VARIABLES = {
  base_url: 'http://127.0.0.1:3000',
  username: 'admin',
  password: 'admin123',
  app_secret: '',
  verify_token: '',
  phone_number_id: '106540352242922',
  customer: '5491155550001',
  chat_app: 'default',
  chat_app_secret: '',
};

/** A collection that can be run from its first to its last request against a new installation. */
export function postmanCollection({ routes, schemas }: ApiDescription): object {
  const chapters = new Map<Chapter, Described[]>();
  for (const one of routes) chapters.set(one.chapter, [...(chapters.get(one.chapter) ?? []), one]);
  return {
    info: {
      name: 'ApiCeChat',
      description:
        'Every route, with a test. Run it from the top: later requests use what earlier ones answered. `app_secret` and ' +
        '`verify_token` are WHATSAPP_APP_SECRET and WHATSAPP_WEBHOOK_VERIFY_TOKEN of the server, `chat_app_secret` is CHAT_APP_SECRET.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: bearer('token'),
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
    item: [...chapters].map(([chapter, requests]) => ({
      name: chapter.title,
      description: chapter.about,
      item: requests.map((one) => item(one, schemas)),
    })),
  };
}

function bearer(token: string): object {
  return { type: 'bearer', bearer: [{ key: 'token', value: `{{${token}}}`, type: 'string' }] };
}

function item(one: Described, schemas: Schemas): object {
  const { doc, entrance } = one;
  return {
    name: doc.name,
    event: [
      ...(doc.before === undefined ? [] : [script('prerequest', doc.before)]),
      script('test', tests(one, schemas)),
    ],
    request: {
      method: entrance.scope,
      ...(doc.anonymous === true ? { auth: { type: 'noauth' } } : {}),
      ...(doc.token === undefined ? {} : { auth: bearer(doc.token) }),
      header: headers(doc),
      ...body(doc),
      url: url(entrance.name, doc),
      ...(doc.about === undefined ? {} : { description: doc.about }),
    },
  };
}

function headers(doc: RouteDoc): object[] {
  const type = doc.raw?.type ?? (doc.body === undefined ? undefined : 'application/json');
  const own = Object.entries(doc.headers ?? {}).filter(([, value]) => !value.includes('{{signature}}'));
  return [...(type === undefined ? [] : [['content-type', type]]), ...own].map(([key, value]) => ({
    key,
    value,
  }));
}

function body(doc: RouteDoc): object {
  if (doc.files !== undefined) {
    const formdata = Object.entries(doc.files).flatMap(([key, files]) =>
      files.map((src) => ({ key, type: 'file', src })),
    );
    const fields = Object.entries(doc.fields?.values ?? {}).map(([key, value]) => ({
      key,
      type: 'text',
      value,
    }));
    return { body: { mode: 'formdata', formdata: [...fields, ...formdata] } };
  }
  if (doc.raw !== undefined) return { body: { mode: 'raw', raw: doc.raw.text } };
  if (doc.body === undefined) return {};
  // An id is a number, so the variable stands without quotes.
  const raw = JSON.stringify(doc.body, null, 2).replace(/"(\{\{\w+_id\}\})"/g, (whole, name: string) =>
    name === '{{phone_number_id}}' ? whole : name,
  );
  return { body: { mode: 'raw', raw, options: { raw: { language: 'json' } } } };
}

function url(name: string, doc: RouteDoc): object {
  const query = Object.entries(doc.query ?? {}).map(([key, value]) => ({ key, value }));
  const path = name.replace(/:(\w+)/g, (whole, parameter: string) => doc.path?.[parameter] ?? whole);
  const search = query.map(({ key, value }) => `${key}=${value}`).join('&');
  return {
    raw: `{{base_url}}${path}${search === '' ? '' : `?${search}`}`,
    host: ['{{base_url}}'],
    path: path.split('/').filter((part) => part !== ''),
    ...(query.length === 0 ? {} : { query }),
  };
}

function tests({ doc, status, answer }: Described, schemas: Schemas): string[] {
  const statuses = [status, ...(doc.orStatus === undefined ? [] : [doc.orStatus])];
  const lines = [
    `pm.test('answers ${statuses.join(' or ')}', () => pm.expect(pm.response.code).to.be.oneOf([${statuses.join(', ')}]));`,
  ];
  if (statuses.length > 1) return lines;
  if (doc.answers !== undefined) {
    lines.push(
      `pm.test('answers ${doc.answers}', () => pm.expect(pm.response.headers.get('content-type')).to.include('${doc.answers}'));`,
    );
  } else if (answer !== null && status < 300) {
    const fields = fieldsOf(answer, schemas);
    if (fields.length > 0) {
      lines.push(
        `pm.test('has every field', () => pm.expect(pm.response.json()).to.include.all.keys(${fields.map((field) => `'${field}'`).join(', ')}));`,
      );
    }
  } else if (status === 204) {
    lines.push(`pm.test('has no body', () => pm.expect(pm.response.text()).to.eql(''));`);
  }
  for (const [name, place] of Object.entries(doc.save ?? {})) {
    const value = place
      .split('.')
      .reduce((at, part) => `${at}[${/^\d+$/.test(part) ? part : `'${part}'`}]`, 'pm.response.json()');
    lines.push(`pm.collectionVariables.set('${name}', ${value});`);
  }
  return [...lines, ...(doc.after ?? [])];
}

function fieldsOf(answer: Schema, schemas: Schemas): string[] {
  const one = resolve(answer, schemas);
  return one.type === 'object' ? (one.required ?? []) : [];
}

function script(listen: string, exec: string[]): object {
  return { listen, script: { type: 'text/javascript', exec } };
}
