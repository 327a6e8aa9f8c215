import { execFile } from 'node:child_process';

const TIMEOUT_MS = 15_000;
const MAX_OUTPUT = 32 * 1024 * 1024;
const MAX_MS = 2 ** 31 - 1;

/** A file may not make them read another one, nor the network. */
const CONFINED = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpeg,mpegvideo,ogg',
];

export interface Measures {
  width: number;
  height: number;
  durationMs: number | null;
}

/** Of a video, by ffprobe; null where that is not installed or finds no picture in it. */
export async function measuresOf(path: string): Promise<Measures | null> {
  const output = await run('ffprobe', [
    ...['-v', 'error', ...CONFINED, '-of', 'json', '-select_streams', 'v:0'],
    ...['-show_entries', 'stream=width,height:stream_side_data=rotation:format=duration', '-i', path],
  ]);
  if (output === null) return null;
  const { streams, format } = JSON.parse(output.toString('utf8')) as {
    streams?: { width?: number; height?: number; side_data_list?: { rotation?: number }[] }[];
    format?: { duration?: string };
  };
  const { width, height, side_data_list: sides } = streams?.[0] ?? {};
  if (!isSide(width) || !isSide(height)) return null;
  const turned = sides?.some(({ rotation }) => Math.abs(rotation ?? 0) % 180 === 90) === true;
  const ms = Math.round(Number(format?.duration) * 1_000);
  return {
    width: turned ? height : width,
    height: turned ? width : height,
    durationMs: ms > 0 && ms <= MAX_MS ? ms : null,
  };
}

/** A picture of the beginning, as PNG, by ffmpeg; null where that is not installed. */
export async function frameOf(path: string): Promise<Buffer | null> {
  const scale = "scale='min(1280,iw)':'min(1280,ih)':force_original_aspect_ratio=decrease";
  return await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-threads', '1', ...CONFINED, '-i', path],
    ...['-frames:v', '1', '-vf', scale, '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'],
  ]);
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 65_535;
}

/** Null where there is no such program. Throws where it fails or takes too long. */
async function run(program: string, args: string[]): Promise<Buffer | null> {
  return await new Promise((resolve, reject) => {
    const options = {
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT,
      encoding: 'buffer',
    } as const;
    execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') resolve(null);
      else reject(new Error(`${program} failed`, { cause: error }));
    });
  });
}
