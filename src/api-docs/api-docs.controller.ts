import { createReadStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Param, StreamableFile } from '@nestjs/common';
import { notFound } from '../common/app-error';
import { Public } from '../platform/http/access';

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ApiCeChat API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
  url: 'docs/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
});
`;

interface Asset {
  type: string;
  /** In the package of the page. */
  page?: string;
  /** From the repository's root. */
  document?: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

const ASSETS: Readonly<Record<string, Asset>> = {
  'swagger-ui.css': { type: 'text/css; charset=utf-8', page: 'swagger-ui.css' },
  'swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', page: 'swagger-ui-bundle.js' },
  'favicon-32x32.png': { type: 'image/png', page: 'favicon-32x32.png' },
  'openapi.json': { type: JSON_TYPE, document: 'docs/generated/openapi.json' },
  'asyncapi.json': { type: JSON_TYPE, document: 'docs/generated/asyncapi.json' },
  'postman-collection.json': { type: JSON_TYPE, document: 'docs/postman-collection.json' },
};

/** The page puts its styles and icons into itself. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** The API's documents, and a page to read and try them. */
@Controller('docs')
@Public('the documents say nothing about anybody’s data')
export class ApiDocsController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  page(): string {
    return HTML;
  }

  @Get('start.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  start(): string {
    return START;
  }

  @Get(':file')
  @Header('cache-control', 'public, max-age=300')
  file(@Param('file') name: string): StreamableFile {
    const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name]! : null;
    const path = asset === null ? null : pathOf(asset);
    if (asset === null || path === null || !existsSync(path)) throw notFound('document');
    return new StreamableFile(createReadStream(path), { type: asset.type });
  }
}

function pathOf({ page, document }: Asset): string {
  if (page !== undefined) return join(dirname(require.resolve('swagger-ui-dist/package.json')), page);
  return join(packageRoot(), document!);
}

/** Above this file, compiled or not. */
function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
