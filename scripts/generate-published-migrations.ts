import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOrCheck } from './generated-file';
import { published } from './published-migrations';

const FILE = 'docs/generated/migrations.txt';
const FOLDER = 'src/platform/database/migrations';

const names = readdirSync(FOLDER).filter((name) => /^\d+-.*\.ts$/.test(name));
const migrations = new Map(names.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
const { list, problems } = published(existsSync(FILE) ? readFileSync(FILE, 'utf8') : '', migrations);
for (const problem of problems) console.error(problem);
if (problems.length > 0 || !writeOrCheck(FILE, list, 'generate:migrations')) process.exitCode = 1;
