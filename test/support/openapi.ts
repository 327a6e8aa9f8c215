import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

type Json = Record<string, unknown>;

interface Operation {
  parameters: { name: string; in: string; schema: Json; required: boolean }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, { content?: Record<string, { schema: Json }> }>;
}

/** An operation of the document, and the pattern of its paths. */
export interface DocumentedRoute {
  method: string;
  path: string;
  operation: Operation;
}

const DOCUMENT = join(__dirname, '../../docs/generated/openapi.json');

/** The API as it is documented: what a test holds against what the server does. */
export class ApiDocument {
  readonly json = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as {
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, Json> };
  };
  readonly routes: DocumentedRoute[] = Object.entries(this.json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, unicodeRegExp: true });

  constructor() {
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: 'document', ...this.json });
  }

  /** The route that a request goes to; the one with the fewest parameters where several fit. */
  routeOf(method: string, path: string): DocumentedRoute | null {
    const fits = this.routes.filter(
      (one) => one.method === method && new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    );
    return fits.toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0] ?? null;
  }

  /** What is wrong with an answer, by the document; empty where nothing is. */
  problemsOf(method: string, path: string, status: number, body: unknown): string[] {
    const route = this.routeOf(method, path);
    if (route === null) return [`${method} ${path} is not documented`];
    const response = route.operation.responses[status];
    if (response === undefined) return [`${method} ${route.path} does not document ${status}`];
    const schema = response.content?.['application/json']?.schema;
    if (schema === undefined) return [];
    const at = `#/paths/${[route.path, method.toLowerCase(), 'responses', String(status), 'content', 'application/json', 'schema'].map(escaped).join('/')}`;
    const valid = this.ajv.getSchema(`document${at}`)!;
    if (valid(body) === true) return [];
    return (valid.errors ?? []).map(
      (error) =>
        `${method} ${route.path} ${status}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
    );
  }
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
