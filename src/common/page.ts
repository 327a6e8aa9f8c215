import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** A list answer: `{ data, meta }`, pages counted from 1. */
export interface Page<T> {
  data: T[];
  meta: { page: number; limit: number; total: number; pages: number };
}

export function pageOf<T>(data: T[], total: number, query: PageQuery): Page<T> {
  return {
    data,
    meta: { page: query.page, limit: query.limit, total, pages: Math.ceil(total / query.limit) },
  };
}

/** `?page=&limit=` of every list. */
export class PageQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page: number = 1;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  get offset(): number {
    return (this.page - 1) * this.limit;
  }
}
