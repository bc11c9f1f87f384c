import Typography, { type TypographyProps } from '@mui/material/Typography'
import type { JSX } from 'react'
import { MONO } from '../theme'

/** A docstring: its lines, which were broken for an editor's sake, as paragraphs, and what stands in double backticks as code. */
export function Doc({ text, sx }: { readonly text: string; readonly sx?: TypographyProps['sx'] }): JSX.Element {
  return (
    <Typography
      component="div"
      variant="body2"
      sx={[
        {
          color: 'text.secondary',
          maxWidth: '100ch',
          overflowWrap: 'anywhere',
          '& code': { fontFamily: MONO, fontSize: 13 },
        },
        { '& p': { m: 0, mb: 0.5 } },
        ...(Array.isArray(sx) ? sx : [sx]),
      ]}
    >
      {paragraphsOf(text).map(paragraph => (
        <p key={paragraph}>
          {paragraph.split('``').map((part, index) => (index % 2 ? <code key={part}>{part}</code> : part))}
        </p>
      ))}
    </Typography>
  )
}

const paragraphsOf = (text: string): string[] =>
  text.split(/\n\s*\n/).map(paragraph => paragraph.replace(/\s*\n\s*/g, ' '))
