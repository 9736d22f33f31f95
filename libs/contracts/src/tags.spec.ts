import { describe, expect, it } from 'vitest';
import { joinTags, splitTags } from './tags.js';

describe('tags', () => {
  it.each([
    [null, []],
    ['', []],
    [' , ,', []],
    ['gpu', ['gpu']],
    [' gpu , ssd,,gpu', ['gpu', 'ssd']],
  ])('splits %j', (text, tags) => expect(splitTags(text)).toEqual(tags));

  it.each([
    [undefined, undefined],
    ['', null],
    [[], null],
    [[' a', 'b,c', 'a'], 'a,b,c'],
    ['x, y', 'x,y'],
  ])('joins %j', (given, joined) => expect(joinTags(given)).toBe(joined));
});
