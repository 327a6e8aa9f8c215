import { AppModule } from '../src/app.module';
import type { Config } from '../src/config/config';
import { loadConfig } from '../src/config/load-config';
import type { Variable } from '../src/config/variable';
import { VARIABLES } from '../src/config/variables';
import { accessTable, collectEntrances, undeclared } from './access-table';
import { writeOrCheck } from './generated-file';

const FILE = 'docs/generated/access.md';

/** The module as it is, or as it is made from the defaults, with something for every secret that is needed. */
function rootModule(): unknown {
  const type: object = AppModule;
  if (!('with' in type)) return type;
  const needed = Object.entries<Variable>(VARIABLES).filter(([, variable]) => variable.requiredInProduction);
  const config = loadConfig(Object.fromEntries(needed.map(([name]) => [name, 'x'.repeat(64)])));
  return (type.with as (config: Config) => unknown).call(type, config);
}

async function main(): Promise<boolean> {
  const entrances = await collectEntrances(rootModule());
  const problems = undeclared(entrances);
  for (const problem of problems) console.error(problem);
  return writeOrCheck(FILE, accessTable(entrances), 'generate:access') && problems.length === 0;
}

void main().then((ok) => {
  if (!ok) process.exitCode = 1;
});
