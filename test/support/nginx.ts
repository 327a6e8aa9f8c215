import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually';
import { freePort } from './server-process';

export const NGINX_CONF = readFileSync(join(__dirname, '../../docs/examples/nginx.conf'), 'utf8');

/** `describe` where there is an nginx; elsewhere it says loudly what was not tested. */
export function describeWithNginx(): jest.Describe {
  if (spawnSync('nginx', ['-v']).status === 0) return describe;
  console.warn('NOT RUN: nginx is not installed, so docs/examples/nginx.conf was read but not run');
  return describe.skip;
}

/** The documented nginx, with other ports and in a folder of its own. */
export class TestNginx {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(servers: string[]): Promise<TestNginx> {
    const folder = mkdtempSync(join(tmpdir(), 'apicechat-nginx-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'logs'));
    const port = await freePort();
    const conf = join(folder, 'nginx.conf');
    writeFileSync(conf, `pid ${folder}/pid;\n${adapted(port, servers, folder)}`);
    const tested = spawnSync('nginx', ['-p', folder, '-t', '-c', conf], { encoding: 'utf8' });
    if (tested.status !== 0) throw new Error(tested.stderr);
    if (tested.stderr.includes('[warn]')) throw new Error(tested.stderr);
    const child = spawn('nginx', ['-p', folder, '-c', conf, '-g', 'daemon off;'], { stdio: 'ignore' });
    const nginx = new TestNginx(`http://127.0.0.1:${port}`, folder, child);
    await eventually(
      () =>
        new Promise((answered) => {
          const probe = connect(port, '127.0.0.1', () => answered(probe.end()));
          probe.on('error', () => answered(null));
        }),
      { what: 'nginx' },
    );
    return nginx;
  }

  get log(): string {
    return readFileSync(join(this.folder, 'apicechat.log'), 'utf8');
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.process.once('exit', done));
    if (this.process.exitCode === null && this.process.kill('SIGTERM')) await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function adapted(port: number, servers: string[], folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ');
  return servers
    .reduce(
      (conf, url, n) => conf.replaceAll(`127.0.0.1:${3001 + n}`, `127.0.0.1:${new URL(url).port}`),
      NGINX_CONF,
    )
    .replace('worker_processes auto;', 'worker_processes 1;')
    .replace('worker_connections 10240;', 'worker_connections 256;')
    .replace('http {', `http { ${temporary}`)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('/var/log/nginx/apicechat.log', `${folder}/apicechat.log`);
}
