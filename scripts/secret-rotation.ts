import { ACCOUNT_PASSWORDS } from '../src/contact-user-accounts/contact-user-accounts.types';
import { ACCESS_TOKENS } from '../src/meta-whatsapp/whatsapp-integration.types';
import { BOT_SECRETS } from '../src/bots/bots.types';
import { contextOf, type SealedColumn } from '../src/platform/crypto/sealed-column';
import type { SecretBox } from '../src/platform/crypto/secret-box';
import { CHAT_APP_SECRETS } from '../src/app-chat/chat-app.types';
import { type SealedRow, SealedRows } from '../src/platform/database/sealed-rows';
import type { UnitOfWork } from '../src/platform/database/unit-of-work';

/** Every column that holds sealed texts; a test looks for others. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  ACCESS_TOKENS,
  ACCOUNT_PASSWORDS,
  BOT_SECRETS,
  ...CHAT_APP_SECRETS,
];

const BATCH = 200;

/** What a rotation found and did. */
export interface RotationCounts {
  resealed: number;
  /** Sealed with the current key already. */
  current: number;
  /** Sealed with a key that is not known, or changed or moved since. */
  unreadable: number;
}

/** How a text is sealed; an old one with the text that takes its place. */
type Finding = { is: 'current' | 'unreadable' } | { is: 'old'; anew: string };

/**
 * Seals every stored secret with the current key. Safe beside a running server and beside itself: a text that was
 * replaced meanwhile is left alone and looked at once more.
 */
export async function rotateSecrets(
  { work, box }: { work: UnitOfWork; box: SecretBox },
  workspaceIds: readonly number[],
  log: (line: string) => void,
): Promise<RotationCounts> {
  const total: RotationCounts = { resealed: 0, current: 0, unreadable: 0 };
  for (const workspaceId of workspaceIds) {
    for (const column of SEALED_COLUMNS) {
      const rows = new SealedRows(work, workspaceId, column);
      const counts = { resealed: 0, current: 0, unreadable: 0 };
      for (let batch = await rows.after(0, BATCH); batch.length > 0;) {
        await rotateBatch(rows, batch, (row) => look(box, workspaceId, column, row, log), counts);
        log(
          `workspace ${workspaceId}, ${column.table}.${column.column}: ${counts.resealed} sealed anew, ${counts.current} current, ${counts.unreadable} unreadable`,
        );
        batch = await rows.after(batch.at(-1)!.id, BATCH);
      }
      for (const key of Object.keys(total) as (keyof RotationCounts)[]) total[key] += counts[key];
    }
  }
  return total;
}

async function rotateBatch(
  rows: SealedRows,
  batch: SealedRow[],
  finding: (row: SealedRow) => Finding,
  counts: RotationCounts,
): Promise<void> {
  const changes: { id: number; sealed: string; anew: string }[] = [];
  for (const row of batch) {
    const found = finding(row);
    if (found.is === 'old') changes.push({ ...row, anew: found.anew });
    else counts[found.is]++;
  }
  const replaced = await rows.replace(changes);
  counts.resealed += replaced.size;
  for (const { id } of changes) {
    if (replaced.has(id)) continue;
    const again = (await rows.after(id - 1, 1)).filter((row) => row.id === id); // none: the row is gone
    await rotateBatch(rows, again, finding, counts);
  }
}

function look(
  box: SecretBox,
  workspaceId: number,
  column: SealedColumn,
  { id, sealed, bound }: SealedRow,
  log: (line: string) => void,
): Finding {
  const context = contextOf(column, workspaceId, bound);
  try {
    const plain = box.open(sealed, context);
    return box.isCurrent(sealed) ? { is: 'current' } : { is: 'old', anew: box.seal(plain, context) };
  } catch {
    log(`workspace ${workspaceId}, ${column.table} ${id}: ${column.column} cannot be read`);
    return { is: 'unreadable' };
  }
}
