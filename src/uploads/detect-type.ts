import { fileTypeFromFile } from 'file-type';
import { type FileType, fileType } from './file-types';

/** What a file is, by its content alone; null where it is nothing that is known here. */
export async function detectType(path: string): Promise<FileType | null> {
  const found = await fileTypeFromFile(path);
  return found === undefined ? null : fileType(found.mime);
}
