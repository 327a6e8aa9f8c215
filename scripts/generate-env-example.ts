import { VARIABLES } from '../src/config/variables';
import { envExample } from './env-example';
import { writeOrCheck } from './generated-file';

if (!writeOrCheck('.env.example', envExample(VARIABLES), 'generate:env-example')) process.exitCode = 1;
