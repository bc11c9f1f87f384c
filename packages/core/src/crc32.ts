const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

const encoder = new TextEncoder()

/** CRC-32 (IEEE 802.3) of the text in UTF-8, as 8 lower-case hex digits: `'123456789'` → `'cbf43926'`. */
export function crc32(text: string): string {
  let crc = 0xffffffff
  for (const byte of encoder.encode(text)) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')
}
