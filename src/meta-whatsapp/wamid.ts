import { MAX_ID_LENGTH, idOf } from './loose-json';
import { type ItemPlace, type SetAside, setAside } from './webhook-item';

/** Meta's id of a message, exactly as given; null if it is not a text that can serve as a key. */
export function wamidOf(id: unknown): string | null {
  return typeof id === 'string' ? idOf(id) : null;
}

/** For an item without a usable id. One that is there but cannot be used is another fault than none. */
export function setAsideForId(
  id: unknown,
  place: ItemPlace,
  raw: unknown,
  absent: 'message_without_id' | 'status_without_id',
): SetAside {
  if (typeof id !== 'string' || id === '') return setAside(place, raw, absent, 'No id');
  const why = id.length > MAX_ID_LENGTH ? `more than ${MAX_ID_LENGTH}` : 'some of which cannot be stored';
  return setAside(place, raw, 'bad_id', `An id of ${id.length} characters, ${why}`);
}
