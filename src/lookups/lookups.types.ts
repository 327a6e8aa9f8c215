/** Simple named things that others refer to: each kind is a table of its own, all of one shape. */
export type LookupKind = 'tag' | 'server' | 'application' | 'device';

/** One of them, as stored. */
export interface Lookup {
  id: number;
  name: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A tag, server, application or device as the API shows it. */
export interface LookupDto {
  id: number;
  name: string;
  created_at: string;
  updated_at: string;
}

export function toLookupDto(lookup: Lookup): LookupDto {
  return {
    id: lookup.id,
    name: lookup.name,
    created_at: lookup.createdAt.toISOString(),
    updated_at: lookup.updatedAt.toISOString(),
  };
}
