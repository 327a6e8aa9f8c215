import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDateString,
  IsDefined,
  IsOptional,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IsName } from '../common/text-rules';

const SHORT = 300;

class CardNameDto {
  @IsName(SHORT)
  formatted_name!: string;

  @IsOptional()
  @IsName(SHORT)
  first_name?: string;

  @IsOptional()
  @IsName(SHORT)
  last_name?: string;

  @IsOptional()
  @IsName(SHORT)
  middle_name?: string;

  @IsOptional()
  @IsName(SHORT)
  prefix?: string;

  @IsOptional()
  @IsName(SHORT)
  suffix?: string;
}

class CardPhoneDto {
  @IsName(40)
  phone!: string;

  @IsOptional()
  @Matches(/^\d{7,15}$/, { message: 'wa_id is a phone number, digits only' })
  wa_id?: string;

  @IsOptional()
  @IsName(40)
  type?: string;
}

class CardEmailDto {
  @IsName(SHORT)
  email!: string;

  @IsOptional()
  @IsName(40)
  type?: string;
}

class CardUrlDto {
  @IsName(2_000)
  url!: string;

  @IsOptional()
  @IsName(40)
  type?: string;
}

class CardAddressDto {
  @IsOptional()
  @IsName(SHORT)
  street?: string;

  @IsOptional()
  @IsName(SHORT)
  city?: string;

  @IsOptional()
  @IsName(SHORT)
  state?: string;

  @IsOptional()
  @IsName(40)
  zip?: string;

  @IsOptional()
  @IsName(SHORT)
  country?: string;

  @IsOptional()
  @IsName(2)
  country_code?: string;

  @IsOptional()
  @IsName(40)
  type?: string;
}

class CardOrganisationDto {
  @IsOptional()
  @IsName(SHORT)
  company?: string;

  @IsOptional()
  @IsName(SHORT)
  department?: string;

  @IsOptional()
  @IsName(SHORT)
  title?: string;
}

/** One person's card. */
export class ContactCardDto {
  @ValidateNested()
  @Type(() => CardNameDto)
  @IsDefined({ message: 'name is required' })
  name!: CardNameDto;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => CardPhoneDto)
  phones?: CardPhoneDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => CardEmailDto)
  emails?: CardEmailDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => CardUrlDto)
  urls?: CardUrlDto[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => CardAddressDto)
  addresses?: CardAddressDto[];

  @IsOptional()
  @ValidateNested()
  @Type(() => CardOrganisationDto)
  org?: CardOrganisationDto;

  @IsOptional()
  @IsDateString({ strict: true })
  @Matches(/^\d{4}-\d\d-\d\d$/, { message: 'birthday looks like 1990-01-31' })
  birthday?: string;
}
