import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { AppModule } from '../../src/app.module';
import { collectEntrances } from '../access-table';
import { writeOrCheck } from '../generated-file';
import { asyncApi } from './asyncapi';
import { catalogueProblems, describeApi, openApi } from './openapi';
import { postmanCollection } from './postman';

const text = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

async function main(): Promise<boolean> {
  const entrances = await collectEntrances(AppModule);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const socket = writeOrCheck(
    'docs/generated/asyncapi.json',
    text(asyncApi(entrances, version)),
    'generate:api-docs',
  );
  const problems = catalogueProblems(entrances);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return false;
  const api = describeApi(entrances);
  return [
    socket,
    writeOrCheck('docs/generated/openapi.json', text(openApi(api, version)), 'generate:api-docs'),
    writeOrCheck('docs/postman-collection.json', text(postmanCollection(api)), 'generate:api-docs'),
  ].every(Boolean);
}

void main().then((ok) => {
  if (!ok) process.exitCode = 1;
});
