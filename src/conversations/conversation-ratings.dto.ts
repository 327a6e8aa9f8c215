import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsText } from '../common/text-rules';

/** How a customer rates a conversation that is closed. */
export class RateConversationDto {
  /** From 1, the worst, to 5. */
  @IsInt()
  @Min(1)
  @Max(5)
  score!: number;

  @IsOptional()
  @IsText(0, 1000)
  comment?: string | null;
}
